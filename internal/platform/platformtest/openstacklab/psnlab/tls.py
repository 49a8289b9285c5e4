"""A certificate authority of the lab's own, and one certificate for loopback.

The authority's key is forgotten as soon as it has signed.
"""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=825)


def ca_file(settings):
    return settings.path / 'ca.pem'


def server_file(settings):
    """Key and certificate in one file, as HAProxy reads it."""
    return settings.path / 'secrets' / 'server.pem'


def make(settings):
    if ca_file(settings).exists() and server_file(settings).exists():
        return
    now = datetime.datetime.utcnow()

    def builder(subject, issuer, key):
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + LIFETIME)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))

    def usage(**on):
        names = ('digital_signature', 'content_commitment', 'key_encipherment', 'data_encipherment', 'key_agreement',
                 'key_cert_sign', 'crl_sign', 'encipher_only', 'decipher_only')
        return x509.KeyUsage(**{n: on.get(n, False) for n in names})

    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'PSN OpenStack lab')])
    ca = (builder(ca_name, ca_name, ca_key)
          .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
          .add_extension(usage(key_cert_sign=True, crl_sign=True), True)
          .sign(ca_key, hashes.SHA256()))
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'localhost')]), ca_name, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(usage(digital_signature=True), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False)
        .add_extension(x509.SubjectAlternativeName([
            x509.IPAddress(ipaddress.ip_address('127.0.0.1')), x509.DNSName('localhost')]), False)
        .sign(ca_key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    server_file(settings).touch(mode=0o600)
    server_file(settings).write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + certificate.public_bytes(pem))
    ca_file(settings).write_bytes(ca.public_bytes(pem))
