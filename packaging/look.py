"""Fail where a picture of the window shows nothing."""

import sys

import cv2
import numpy as np

LEAST_COLOURS = 200
LEAST_CONTRAST = 8.0


def main(path: str) -> None:
    picture = cv2.imread(path)
    if picture is None:
        sys.exit(f"{path} is no picture")
    colours = len(np.unique(picture.reshape(-1, 3), axis=0))
    contrast = float(picture.std())
    print(f"{path}: {picture.shape[1]} x {picture.shape[0]}, {colours} colours")
    if colours < LEAST_COLOURS or contrast < LEAST_CONTRAST:
        sys.exit(f"{path} is blank: {colours} colours, contrast {contrast:.1f}")


if __name__ == "__main__":
    main(sys.argv[1])
