from sherrington import Network, Population


def cord():
    Network('cord', [Population('MN', 30)])
