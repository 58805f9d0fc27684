from sherrington import transfer


@transfer(inputs={"rate": "Hz"}, outputs={"drive": "1", "copy": "Hz"})
def split(rate):
    return rate / 100.0, rate
