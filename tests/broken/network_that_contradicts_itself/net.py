from sherrington import Network, Population


def cord():
    pools = [Population('MN', 30), Population('MN', 20)]
    return Network('cord', pools)
