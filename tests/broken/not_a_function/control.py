GAIN = 2.0


def push():
    return 1
