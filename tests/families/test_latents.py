"""Latents are described in words, by which VAEs are compared with them."""

from medialab.families.latents import Latents


def test_a_vae_for_videos_is_told_apart_from_one_for_pictures_of_the_same_latents():
    pictures = Latents(channels=16, reduction=8)
    videos = Latents(channels=16, reduction=8, of_videos=True)
    assert pictures.description == "16 channels, 8 times smaller"
    assert videos.description == "16 channels, 8 times smaller, of a VAE for videos"
