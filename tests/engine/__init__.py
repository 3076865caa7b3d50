"""Tests that need a real engine, and no containers of ours."""
