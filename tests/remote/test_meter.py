from medialab.remote.meter import WINDOW, Meter


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_before_anything_arrives_nothing_is_known():
    meter = Meter()
    assert (meter.done, meter.total, meter.speed, meter.seconds_left) == (0, None, 0, None)


def test_speed_and_time_left_follow_the_last_seconds():
    clock = Clock()
    meter = Meter(clock)
    meter.begin(1000, 101_000)
    for _ in range(10):
        clock.now += 1
        meter.add(1000)
    assert meter.done == 11_000
    assert meter.speed == 1000
    assert meter.seconds_left == 90
    for _ in range(int(WINDOW) + 2):
        clock.now += 1
        meter.add(4000)
    assert meter.speed == 4000


def test_what_was_there_before_has_no_speed():
    clock = Clock()
    meter = Meter(clock)
    meter.begin(10**9, 10**9 + 1000)
    clock.now += 1
    assert meter.speed == 0
    assert meter.seconds_left is None
    meter.add(500)
    assert meter.speed == 500
    assert meter.seconds_left == 1


def test_a_rest_forgets_the_speed():
    clock = Clock()
    meter = Meter(clock)
    meter.begin(0, None)
    clock.now += 1
    meter.add(500)
    meter.rest()
    clock.now += 1
    assert meter.speed == 0
    assert meter.seconds_left is None
