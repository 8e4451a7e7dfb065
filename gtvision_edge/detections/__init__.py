"""Plate readings: taken in from cameras, stored durably, searched, watched for, and forgotten in time."""
