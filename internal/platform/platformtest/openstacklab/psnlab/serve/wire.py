"""Makes the queue inside a process behave like one between processes.

oslo.messaging's in-process driver hands over the very object that was sent. Over
a real queue the receiver gets JSON's idea of it, and services rely on that: a
plain dict where the sender had a class of its own, and nothing shared.
"""
from oslo_messaging._drivers import impl_fake
from oslo_serialization import jsonutils


def over_json(value):
    return jsonutils.loads(jsonutils.dumps(value))


def use():
    message = impl_fake.FakeIncomingMessage
    made, replied = message.__init__, message.reply

    def receive(self, ctxt, content, reply_q, requeue):
        made(self, over_json(ctxt), over_json(content), reply_q, requeue)

    def reply(self, reply=None, failure=None):
        replied(self, over_json(reply), failure)

    message.__init__, message.reply = receive, reply
