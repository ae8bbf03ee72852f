import { createHash, createHmac } from 'node:crypto'

export type Keys = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

type Signed = {
  readonly method: string
  /** Of a path that needs no encoding, as all of these services have. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

const form =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/

/** What an `Authorization` header says; undefined: no signature of version 4. */
export const readSignature = (header: string | undefined) => {
  const [, accessKeyId, day, region, service, signed, signature] = form.exec(header ?? '') ?? []
  return accessKeyId === undefined || !day || !region || !service || !signed || !signature
    ? undefined
    : { accessKeyId, day, region, service, signed: signed.split(';'), signature }
}

/** AWS's Signature Version 4 of a request (IAM User Guide, "Create a signed AWS API request"). */
export const signatureOf = (
  request: Signed,
  secret: string,
  {
    day,
    region,
    service,
    signed,
  }: Omit<NonNullable<ReturnType<typeof readSignature>>, 'signature' | 'accessKeyId'>,
): string => {
  const canonical = [
    request.method,
    request.path,
    '',
    ...signed.map((name) => `${name}:${(request.headers[name] ?? '').trim()}`),
    '',
    signed.join(';'),
    sha256(request.body),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${request.headers['x-amz-date'] ?? ''}\n${scope}\n${sha256(canonical)}`
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (last, part) => hmac(last, part),
    `AWS4${secret}`,
  )
  return hmac(key, text).toString('hex')
}

/** Headers with which somebody who has these keys posts `body` to a service of AWS; `now` in epoch milliseconds. */
export const signedHeaders = (
  keys: Keys,
  to: { readonly host: string; readonly service: string; readonly region: string },
  body: string,
  now: number,
): Readonly<Record<string, string>> => {
  const date = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '')
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: to.host,
    'x-amz-date': date,
    ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }),
  }
  const with_ = { day: date.slice(0, 8), ...to, signed: Object.keys(headers).sort() }
  const signature = signatureOf({ method: 'POST', path: '/', headers, body }, keys.secretAccessKey, with_)
  const credential = `${keys.accessKeyId}/${with_.day}/${to.region}/${to.service}/aws4_request`
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${with_.signed.join(';')}, Signature=${signature}`,
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
