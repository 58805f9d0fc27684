from sherrington import transfer


@transfer(inputs={"rate": "Hz"}, outputs={"drive": "1"})
def pull(signal):
    return signal
