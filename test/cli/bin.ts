import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { appKey, newMacKey, newSigningKey } from '../support/secrets.ts'

export const script = fileURLToPath(new URL('../../bin/gitsudo.js', import.meta.url))

/** `gitsudo` as a process of its own, with nothing of this one's environment but `PATH`. */
export const startIn = (
  cwd: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess =>
  spawn(process.execPath, [script, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** What the process said until its end. */
export async function ended(child: ChildProcess) {
  const read = async (stream: NodeJS.ReadableStream | null) => {
    let text = ''
    for await (const chunk of stream ?? []) text += String(chunk)
    return text
  }
  const [out, err, [status]] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    once(child, 'exit'),
  ])
  return { status, out, err }
}

/** A service's configuration without fault, whose PostgreSQL is away; its state until the test's end. */
export const configured = async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'gitsudo-state-'))
  onTestFinished(() => rm(stateDir, { recursive: true }))
  const config = join(stateDir, 'gitsudo.yaml')
  const settings = {
    instance: 'acme.example',
    stateDir,
    repositories: [
      {
        name: 'acme/access',
        id: 1,
        firstAcceptedCommit: 'a'.repeat(40),
        providers: ['mock'],
        scopes: ['*'],
        policyOwners: { ids: [1] },
      },
    ],
    server: { http_addr: '127.0.0.1:0' },
    github: { app_id: 1, client_id: 'Iv1' },
    providers: { mock: {} },
  }
  await writeFile(config, JSON.stringify(settings))
  const env = {
    DATABASE_URL: 'postgres://gitsudo_app@127.0.0.1:1/gitsudo',
    GITSUDO_GITHUB_PRIVATE_KEY: appKey,
    GITSUDO_GITHUB_CLIENT_SECRET: 'a secret of this test',
    GITSUDO_WEBHOOK_SECRET: 'a secret of this test',
    GITSUDO_SIGNING_KEY: newSigningKey(),
    GITSUDO_MAC_KEY: newMacKey(),
  }
  return { config, env, stateDir }
}
