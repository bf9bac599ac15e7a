"""The long forms of the tests of faults: `make soak`."""
