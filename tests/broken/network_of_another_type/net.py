def cord():
    return {'MN': 30}
