"""What a container runs: `start` becomes the service that the image was built for, `health` says whether it does its work."""
