import type { ZodError } from 'zod'
import type { ConfigFault } from './fault.ts'
import { keyRows } from './rows.ts'

/** Keys that product.md names and this version does not read yet, and secrets that belong elsewhere. */
const known: Readonly<Record<string, string>> = {
  auth: 'callers are known by their GitHub token in this version; remove it',
  tls: 'this version serves plain HTTP to a proxy that ends TLS; remove it and set server.insecure if the proxy is elsewhere',
  notifications:
    'notifications come with a later version; alerts are log lines with "alert": true; remove it',
  'github.private_key':
    'a secret does not belong here; use github.private_key_file or GITSUDO_GITHUB_PRIVATE_KEY',
  'github.client_secret':
    'a secret does not belong here; use github.client_secret_file or GITSUDO_GITHUB_CLIENT_SECRET',
  'github.webhook_secret':
    'a secret does not belong here; use github.webhook_secret_file or GITSUDO_WEBHOOK_SECRET',
  'providers.gcp.credentials':
    'a secret does not belong here; use providers.gcp.credentials_file or GITSUDO_GCP_CREDENTIALS',
  'providers.aws.credentials':
    'a secret does not belong here; use providers.aws.credentials_file or GITSUDO_AWS_CREDENTIALS',
  'providers.azure.client_secret':
    'a secret does not belong here; use providers.azure.client_secret_file or AZURE_CLIENT_SECRET',
  'providers.azure.default_subscription_id': 'every request names its scope; remove it',
  'providers.azure.max_duration': 'maxDuration of each role in roles.yaml says it; remove it',
  'providers.kubernetes.kubeconfig':
    'a secret does not belong here; use providers.kubernetes.kubeconfig_file or GITSUDO_KUBERNETES_KUBECONFIG',
}

/** What the schema found, each with its key and what to write instead. */
export function shapeFaults(error: ZodError): readonly ConfigFault[] {
  return error.issues.flatMap((issue) => {
    const key = keyOf(issue.path)
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((name) => unknownKey(key === '' ? name : `${key}.${name}`))
    const row = rowOf(key)
    const message = issue.message.startsWith('must')
      ? issue.message
      : missing(issue)
        ? 'is missing'
        : said(issue)
    return [
      {
        key: key === '' ? 'file' : key,
        message,
        remedy:
          row === undefined
            ? 'see docs/configuration.md'
            : `write it like ${key
                .split('.')
                .at(-1)
                ?.replace(/\[\d+\]$/, '')}: ${row.example}`,
      },
    ]
  })
}

function missing(issue: ZodError['issues'][number]): boolean {
  return (
    issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message)
  )
}

function said(issue: ZodError['issues'][number]): string {
  if (issue.code === 'invalid_type')
    return `must be ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_small')
    return issue.origin === 'number' ? 'must be a positive whole number' : 'must not be empty'
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

function unknownKey(key: string): ConfigFault {
  const remedy = known[key]
  if (remedy !== undefined) return { key, message: 'cannot be set here', remedy }
  const parent = key.slice(0, key.lastIndexOf('.') + 1).replace(/\[\d+\]/g, '[]')
  const siblings = keyRows
    .map((row) => row.key)
    .filter((name) => name.startsWith(parent) && !name.slice(parent.length).includes('.'))
    .map((name) => name.slice(parent.length))
  return {
    key,
    message: 'is not a known key',
    remedy: siblings.length === 0 ? 'remove it' : `remove it, or write one of ${siblings.join(', ')}`,
  }
}

function keyOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (key, part) =>
      typeof part === 'number' ? `${key}[${part}]` : key === '' ? String(part) : `${key}.${String(part)}`,
    '',
  )
}

function rowOf(key: string): (typeof keyRows)[number] | undefined {
  const general = key.replace(/\[\d+\]/g, '[]')
  return (
    keyRows.find((row) => row.key === general) ??
    keyRows.find((row) => row.key === general.replace(/\[\]$/, ''))
  )
}
