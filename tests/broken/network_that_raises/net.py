from sherrington import Network, Population


def cord():
    size = 30 / 0
    return Network('cord', [Population('MN', size)])
