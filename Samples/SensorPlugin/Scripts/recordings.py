"""Makes recordings of an accelerometer that somebody wears on the hip, for five activities.

    python recordings.py OUT [--seed N]        # writes OUT/standing.csv, OUT/walking.csv, ...

Nothing is measured: each activity is a sum of harmonics of a pace drawn at random, with gravity along a direction that wanders a
little and the noise of a cheap sensor. Values are in m/s², 50 in a second, along the body's axes x (forward), y (left), z (up).
"""
import argparse, math, os, random

RATE = 50
ACTIVITIES = ["standing", "walking", "running", "climbing stairs", "cycling"]

# The pace in hertz, and for each axis the strength of its first three harmonics; y swings at half the pace.
SHAPES = {
    "standing": ((0.2, 0.4), ((0.05, 0, 0), (0.05, 0, 0), (0.02, 0, 0)), 0.06),
    "walking": ((1.6, 2.1), ((1.2, 0.5, 0.2), (0.9, 0.3, 0.1), (2.2, 0.8, 0.3)), 0.25),
    "running": ((2.5, 3.2), ((3.5, 1.5, 0.6), (2.0, 0.8, 0.3), (9.0, 3.0, 1.0)), 0.6),
    "climbing stairs": ((1.1, 1.6), ((1.6, 1.1, 0.5), (1.2, 0.3, 0.2), (2.0, 1.7, 0.9)), 0.3),
    "cycling": ((1.0, 1.6), ((0.8, 0.2, 0.1), (0.3, 0.1, 0.0), (0.5, 0.3, 0.2)), 0.35),
}
LEAN = {"standing": 0.0, "walking": 0.05, "running": 0.15, "climbing stairs": 0.2, "cycling": 0.6}


def recording(activity, count, random):
    """`count` samples of three numbers each."""
    paces, axes, noise = SHAPES[activity]
    pace, strength = random.uniform(*paces), random.uniform(0.7, 1.3)
    phases = [[random.uniform(0, 2 * math.pi) for _ in range(3)] for _ in range(3)]
    lean, roll = LEAN[activity] + random.gauss(0, 0.08), random.gauss(0, 0.08)
    gravity = [9.81 * math.sin(lean), 9.81 * math.sin(roll), 9.81 * math.cos(lean) * math.cos(roll)]
    time, rows = random.uniform(0, 10), []
    for _ in range(count):
        time += (1 + 0.05 * random.gauss(0, 1)) / RATE
        row = []
        for axis, harmonics in enumerate(axes):
            base = pace / 2 if axis == 1 else pace
            wave = sum(a * math.sin(2 * math.pi * base * (h + 1) * time + phases[axis][h]) for h, a in enumerate(harmonics))
            row.append(gravity[axis] + strength * wave + random.gauss(0, noise))
        rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=2024)
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    os.makedirs(arguments.out, exist_ok=True)
    for activity in ACTIVITIES:
        with open(f"{arguments.out}/{activity.replace(' ', '-')}.csv", "w") as file:
            file.write("time,x,y,z\n")
            for index, row in enumerate(recording(activity, 300, generator)):
                file.write(f"{index / RATE:.2f}," + ",".join(f"{value:.3f}" for value in row) + "\n")


if __name__ == "__main__":
    main()
