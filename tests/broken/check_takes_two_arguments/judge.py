def judge(run, bound):
    return bound
