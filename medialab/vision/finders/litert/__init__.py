"""Faces, hands and people in photos, by MediaPipe's networks, which LiteRT runs.

The networks give numbers for thousands of places of a small square picture. What they mean is said
by MediaPipe's published graphs (mediapipe/modules/*/*.pbtxt, of version 0.10.21), whose numbers
stand in the modules here: `views` cuts the square out, `boxes` reads the numbers, and `faces`,
`hands` and `bodies` are the three finders.
"""
