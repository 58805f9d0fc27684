"""Sweeps: many runs of one experiment over parameters and seeds, side by side, resumable, with one table at the end.

``file`` reads the sweep file, ``plan`` makes it into runs and checks them all, ``store`` knows what lies in the folder
of a sweep, ``conduct`` keeps processes running, ``worker`` is one of them, ``table`` gathers what came out.
"""
