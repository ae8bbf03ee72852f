import { formatDuration } from '../request/duration.ts'
import { readRequest } from '../request/read.ts'
import { renderFaults } from '../request/render-faults.ts'
import type { AccessRequest } from '../request/request.ts'
import { Failure } from './failure.ts'

export type Wanted = {
  readonly requester: string
  readonly provider: string
  readonly role: string
  readonly scope: string
  readonly duration: string
  readonly reason: string
  readonly ticket?: string | undefined
  readonly breakGlass: boolean
}

export type RequestFile = {
  readonly path: string
  readonly text: string
  readonly title: string
  readonly request: AccessRequest
}

/**
 * The file that asks for `wanted`, and where it goes, proved by the same reader that the service uses.
 * @param slug makes the path one that was never used
 * Throws `Failure` with every fault.
 */
export function requestFile(wanted: Wanted, now: number, slug: string): RequestFile {
  const [year, month] = new Date(now).toISOString().split('-')
  const words = `${wanted.requester}-${wanted.role}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const name = `${words}`.slice(0, 63 - slug.length).replace(/-+$/, '')
  const path = `requests/${year}/${month}/${name}-${slug}.yaml`
  const text = [
    'apiVersion: gitsudo.dev/v1',
    'kind: AccessRequest',
    'spec:',
    ...Object.entries({ ...wanted, breakGlass: wanted.breakGlass || undefined }).flatMap(([key, value]) =>
      // A JSON string is a YAML one: every text comes back as it went in.
      value === undefined ? [] : [`  ${key}: ${JSON.stringify(value)}`],
    ),
    '',
  ].join('\n')
  const reading = readRequest(Buffer.from(text), path)
  if (!reading.ok)
    throw new Failure(
      'usage',
      `This request has faults:\n${renderFaults(reading.faults)
        .map((line) => `  ${line}`)
        .join('\n')}`,
    )
  const { role, scope, durationSeconds } = reading.request
  return {
    path,
    text,
    title: `Access: ${wanted.requester} → ${role} on ${scope} for ${formatDuration(durationSeconds)}`,
    request: reading.request,
  }
}
