"""Tests of the s390x boot loader in resources/boot."""
