"""What a machine needs for Sherrington: NEST with MPI, built once and kept outside the repository; and a doctor.

Nothing here is used by a run on one process, but for ``mpi.site``, which a run with several ranks asks.
"""
