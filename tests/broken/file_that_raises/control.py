def table():
    return {}['gain']


GAIN = table()
