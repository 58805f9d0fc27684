def pull(signal):
    return signal
