from sherrington import transfer


@transfer(inputs={"heard": "spikes"}, outputs={"sent": "spikes"})
def relay(heard):
    return heard
