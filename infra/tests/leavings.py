"""What tests make in an emulator that is not theirs, so that all of it goes and nothing else: stacks, what these retain when they are
deleted, the packages that `sam` uploads, and whatever a test makes by hand."""

import contextlib

from botocore.exceptions import ClientError

# The stack in which `sam deploy` keeps its bucket, for everybody.
SAM = "aws-sam-cli-managed-default"


class Leavings:
    def __init__(self, client):
        self._client = client
        self._stacks = []
        self._retained = set()
        self._prefixes = []
        self._calls = contextlib.ExitStack()
        self._sam_was_there = exists(client, SAM)
        self._packages = set(self._uploaded())

    def of_stack(self, name, prefix=None):
        """A stack of the tests, whose packages begin with the prefix."""
        if name not in self._stacks:
            self._stacks.append(name)
        self._prefixes += [prefix] if prefix else []

    def look(self, name):
        """Remembers what the stack would retain: an update lets go of it, a deletion too."""
        pages = self._client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        for resource in (resource for page in pages for resource in page["StackResourceSummaries"]):
            if resource["ResourceType"] in RETAINED and resource.get("PhysicalResourceId"):
                self._retained.add((resource["ResourceType"], resource["PhysicalResourceId"]))

    def later(self, call, **arguments):
        """A call that undoes what a test did."""
        self._calls.callback(call, **arguments)

    def remove(self):
        for name in reversed(self._stacks):
            if exists(self._client, name):
                self.look(name)
                delete(self._client, name)
        for kind, name in sorted(self._retained):
            RETAINED[kind](self._client, name)
        self._calls.close()
        self._remove_packages()

    def _remove_packages(self):
        ours = [(key, version) for key, version in self._uploaded() if (key, version) not in self._packages and key.startswith(tuple(self._prefixes))]
        for key, version in ours:
            self._client("s3").delete_object(Bucket=self._bucket(), Key=key, VersionId=version)
        if not self._sam_was_there and exists(self._client, SAM) and not list(self._uploaded()):
            delete(self._client, SAM)

    def _bucket(self):
        return self._client("cloudformation").describe_stack_resource(StackName=SAM, LogicalResourceId="SamCliSourceBucket")["StackResourceDetail"]["PhysicalResourceId"]

    def _uploaded(self):
        """Each version of each object in the bucket of `sam`."""
        if exists(self._client, SAM):
            for page in self._client("s3").get_paginator("list_object_versions").paginate(Bucket=self._bucket()):
                for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    yield version["Key"], version["VersionId"]


def exists(client, stack):
    try:
        return client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE"
    except ClientError:
        return False


def delete(client, stack):
    client("cloudformation").delete_stack(StackName=stack)
    client("cloudformation").get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


def delete_table(client, name):
    dynamodb = client("dynamodb")
    with contextlib.suppress(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)


def delete_key(client, name):
    kms = client("kms")
    if kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)


def delete_log_group(client, name):
    logs = client("logs")
    with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(logGroupName=name)


RETAINED = {"AWS::DynamoDB::Table": delete_table, "AWS::KMS::Key": delete_key, "AWS::Logs::LogGroup": delete_log_group}
