"""Groups: who is in them, and as what."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, delete, patch, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.core.http.api import IdempotencyKey, problems
from services.core.identity.subject import Subject
from services.messaging.controllers.rules import GROUPS, INVITES, TEXTS, WRITES
from services.messaging.schemas import ConversationDetail, GroupEdit, GroupNew, MemberRole
from services.messaging.service import Messaging

_NO_GROUP = "`not-a-group`: it is a conversation of two people."
_REFUSED = "`group-refused`: `errors` names the fields."
_FORBIDDEN = "`forbidden`: only its owner and admins may, or only its owner. `guest-refused`, `missing-scope`."


class GroupController(Controller):
    """Groups: who is in them, and as what."""

    path = "/groups"
    tags = ("Groups",)

    @post(
        "/",
        operation_id="GroupCreate",
        summary="Make a group",
        guards=GROUPS,
        responses={
            201: ResponseSpec(ConversationDetail, description="The new group.", generate_examples=False),
            200: ResponseSpec(
                ConversationDetail, description="What this Idempotency-Key made before.", generate_examples=False
            ),
            **problems(
                TEXTS, 400, 401, 403, 413, 429, 503, _409="`idempotency-key-used`: with another group.", _422=_REFUSED
            ),
        },
    )
    async def create(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        data: JSONBody[GroupNew],
        key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Make a group that is yours. People who don't follow you are asked first."""
        conversation_id, new = await messaging.groups.create(subject, data, key)
        detail = await messaging.reading.detail(subject, conversation_id)
        headers = {"Location": f"/v1/messaging/conversations/{conversation_id}"}
        return Response(detail, status_code=201 if new else 200, headers=headers)

    @patch(
        "/{conversation_id:uuid}",
        operation_id="GroupRename",
        summary="Rename a group",
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 404, 413, 429, _403=_FORBIDDEN, _409=_NO_GROUP, _422=_REFUSED),
    )
    async def rename(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        data: JSONBody[GroupEdit],
    ) -> ConversationDetail:
        """Call a group something else; its owner and admins may."""
        await messaging.groups.rename(subject, conversation_id, data.title)
        return await messaging.reading.detail(subject, conversation_id)

    @put(
        "/{conversation_id:uuid}/members/{account_id:uuid}",
        operation_id="MemberPut",
        summary="Add somebody to a group, or change their role",
        guards=INVITES,
        responses=problems(
            TEXTS,
            400,
            401,
            404,
            413,
            429,
            503,
            _403=_FORBIDDEN,
            _409=f"{_NO_GROUP} `not-accepted`: they haven't accepted yet. `sole-owner`: make another one the owner.",
            _422="`group-refused`: there is no such person, or they can't be added. `group-full`: 100 members.",
        ),
    )
    async def put(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        account_id: FromPath[UUID],
        data: JSONBody[MemberRole],
    ) -> ConversationDetail:
        """Add somebody; if they don't follow you, they are asked first. They read what is written from then on."""
        await messaging.groups.put(subject, conversation_id, account_id, data.role)
        return await messaging.reading.detail(subject, conversation_id)

    @delete(
        "/{conversation_id:uuid}/members/{account_id:uuid}",
        operation_id="MemberRemove",
        summary="Leave a group, or remove somebody from it",
        guards=WRITES,
        responses=problems(TEXTS, 401, 404, 429, _403=_FORBIDDEN, _409=_NO_GROUP),
    )
    async def remove(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        account_id: FromPath[UUID],
    ) -> None:
        """Leave with your own account, or remove another; they read nothing of the group from then on."""
        await messaging.groups.remove(subject, conversation_id, account_id)
