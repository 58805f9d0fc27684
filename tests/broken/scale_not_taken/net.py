from sherrington import Network, Population


def cord():
    return Network('cord', [Population('MN', 30)])
