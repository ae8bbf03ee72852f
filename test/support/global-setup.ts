import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { installQueues } from '../../app/queue/install.ts'
import { startEmbedded } from '../../app/store/embedded.ts'
import { initialise } from '../../app/store/initialise.ts'
import { withClient } from './client.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Answers with the template's name and URLs; the first call starts the server (postgres.ts). */
    postgresDoor: string
  }
}

export type TestServer = {
  readonly superuserUrl: string
  readonly template: string
  readonly ownerPassword: string
  readonly appPassword: string
}

let started: Promise<{ server: TestServer; stop: () => Promise<void> }> | undefined
const door = createServer((_request, response) => {
  started ??= startServer()
  started.then(
    ({ server }) => response.end(JSON.stringify(server)),
    (error) => response.writeHead(500).end(String(error?.stack ?? error)),
  )
})

/**
 * One PostgreSQL for the whole run, started by the first test that needs a database, so that pure tests
 * do not wait for it. `GITSUDO_TEST_DATABASE_URL`: a superuser's URL to use instead of the embedded one.
 */
export async function setup(project: TestProject): Promise<void> {
  await new Promise<void>((done, failed) => door.once('error', failed).listen(0, '127.0.0.1', done))
  project.provide('postgresDoor', `http://127.0.0.1:${(door.address() as AddressInfo).port}`)
}

export async function teardown(): Promise<void> {
  door.closeAllConnections()
  await new Promise((done) => door.close(done))
  // A start that failed was told to the test that asked for it.
  await (await started?.catch(() => undefined))?.stop()
}

async function startServer(): Promise<{ server: TestServer; stop: () => Promise<void> }> {
  const { superuserUrl, stop } = await startCluster()
  const run = randomBytes(4).toString('hex')
  const server = {
    superuserUrl,
    template: `gitsudo_template_${run}`,
    ownerPassword: `owner-${run}`,
    appPassword: `app-${run}`,
  }
  await withClient(superuserUrl, (client) => client.query(`create database ${server.template}`))
  const adminUrl = new URL(superuserUrl)
  adminUrl.pathname = `/${server.template}`
  await initialise({
    adminUrl: adminUrl.href,
    passwords: { owner: server.ownerPassword, app: server.appPassword },
    install: installQueues,
  })
  return {
    server,
    stop: async () => {
      await withClient(superuserUrl, (client) => client.query(`drop database ${server.template}`))
      await stop()
    },
  }
}

async function startCluster(): Promise<{ superuserUrl: string; stop: () => Promise<void> }> {
  const given = process.env.GITSUDO_TEST_DATABASE_URL
  if (given) return { superuserUrl: given, stop: async () => undefined }
  const state = await mkdtemp(join(tmpdir(), 'gitsudo-test-'))
  const { superuserUrl, home, stop } = await startEmbedded(state, { throwaway: true })
  return {
    superuserUrl,
    stop: async () => {
      await stop()
      await rm(home, { recursive: true, force: true })
      await rm(state, { recursive: true, force: true })
    },
  }
}
