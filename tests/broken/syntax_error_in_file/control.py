def push(:
    return 1
