import no_such_library


def push():
    return 1
