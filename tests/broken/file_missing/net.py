def cord():
    return None
