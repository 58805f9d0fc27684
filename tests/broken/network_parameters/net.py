from sherrington import Network, Population


def cord(size: int, rate_hz: float = 5.0):
    return Network('cord', [Population('MN', size)])
