import PumpHAL
