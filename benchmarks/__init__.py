"""Measurements that are compared in one run; never a test."""
