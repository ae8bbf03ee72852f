import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A key and a certificate of its own for this machine's address, PEM: Azure's SDK speaks TLS only. */
export const createCertificate = async (): Promise<{ readonly key: string; readonly cert: string }> => {
  const { stdout } = await promisify(execFile)('openssl', [
    'req',
    '-x509',
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', '-', '-out', '-', '-days', '2', '-subj', '/CN=gitsudo’s double of Azure'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1'],
  ])
  const [key, cert] = [
    /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/,
    /-----BEGIN CERT[\s\S]*/,
  ].map((part) => part.exec(stdout)?.[0])
  if (key === undefined || cert === undefined) throw new Error('openssl made no certificate')
  return { key, cert }
}
