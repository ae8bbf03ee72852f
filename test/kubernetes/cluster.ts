import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthorizationV1Api, CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from '@kubernetes/client-node'
import { ended, mustRun, type Ran, run } from '../../app/sandbox/run.ts'
import { until } from '../../app/sandbox/until.ts'
import { fixtures, type Manifest, shipped } from '../support/kubernetes.ts'
import { kubernetesBinaries } from './binaries.ts'

/** What the controller of aggregated roles would fill in; no controller runs here. */
const viewRules = [{ apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] }]

/** A real API server over a real etcd, with what we ship applied and nothing else running: no nodes, no controllers. */
export const startCluster = async () => {
  const binaries = await kubernetesBinaries()
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-kubernetes-'))
  const [etcdPort, peerPort, port] = await freePorts(3)
  const server = `https://127.0.0.1:${port}`
  const tokens = { admin: randomBytes(24).toString('hex'), alice: randomBytes(24).toString('hex') }
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(join(dir, 'sa.key'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  })
  await writeFile(join(dir, 'sa.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }))
  await writeFile(
    join(dir, 'tokens.csv'),
    `${tokens.admin},admin,1,system:masters\n${tokens.alice},alice@example.com,2\n`,
    { mode: 0o600 },
  )

  const children: ChildProcess[] = []
  const close = async (): Promise<void> => {
    for (const child of children.reverse()) {
      child.kill('SIGKILL')
      await ended(child)
    }
    await rm(dir, { recursive: true, force: true })
  }
  const start = (command: string, args: readonly string[]): void => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')))
    children.push(child)
  }
  const said: string[] = []
  const peer = `http://127.0.0.1:${peerPort}`
  start(binaries.etcd, [
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
    `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ])
  start(binaries.apiserver, [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--cert-dir=${join(dir, 'certs')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(dir, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
    `--token-auth-file=${join(dir, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
  ])

  const kubeconfigOf = async (name: string, token: string): Promise<string> => {
    const ca = await readFile(join(dir, 'certs', 'apiserver.crt'), 'base64')
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'production',
      contexts: [{ name: 'production', context: { cluster: 'production', user: name } }],
      clusters: [{ name: 'production', cluster: { server, 'certificate-authority-data': ca } }],
      users: [{ name, user: { token } }],
    })
  }
  const kubectl = async (kubeconfig: string, ...args: readonly string[]): Promise<Ran> => {
    const file = join(dir, `${randomBytes(8).toString('hex')}.kubeconfig`)
    await writeFile(file, kubeconfig, { mode: 0o600 })
    return run(binaries.kubectl, args, { env: { PATH: process.env.PATH, HOME: dir, KUBECONFIG: file } })
  }

  try {
    const whole = await until(
      'the API server',
      async () => {
        if (children.some((child) => child.exitCode !== null)) throw new Error(said.join('').slice(-4000))
        const config = await kubeconfigOf('admin', tokens.admin).catch(() => undefined)
        if (config === undefined) return undefined
        return (await kubectl(config, 'get', '--raw=/readyz')).status === 0 && config
      },
      180_000,
    )
    const config = new KubeConfig()
    config.loadFromString(whole)
    const admin = {
      rbac: config.makeApiClient(RbacAuthorizationV1Api),
      core: config.makeApiClient(CoreV1Api),
      authorization: config.makeApiClient(AuthorizationV1Api),
    }
    const apply = async (objects: readonly Manifest[]): Promise<void> => {
      const file = join(dir, 'apply.json')
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
      await mustRun(binaries.kubectl, ['apply', '--validate=false', `--filename=${file}`], {
        env: { PATH: process.env.PATH, HOME: dir, KUBECONFIG: join(dir, 'admin.kubeconfig') },
      })
    }
    await writeFile(join(dir, 'admin.kubeconfig'), whole, { mode: 0o600 })
    await apply([...shipped('rbac'), ...shipped('tokens'), ...fixtures])
    for (const name of ['view', 'edit']) {
      const role = await admin.rbac.readClusterRole({ name })
      await admin.rbac.replaceClusterRole({ name, body: { ...role, rules: viewRules } })
    }
    return {
      server,
      binaries,
      dir,
      admin,
      apply,
      kubectl,
      kubeconfigOf,
      /** The API server's certificate, which vouches for itself. */
      ca: await readFile(join(dir, 'certs', 'apiserver.crt'), 'utf8'),
      /** A token that the API server was started with. */
      tokens,
      /** A token of a service account, for an hour. */
      async tokenOf(namespace: string, name: string): Promise<string> {
        const made = await admin.core.createNamespacedServiceAccountToken({
          namespace,
          name,
          body: { spec: { audiences: [], expirationSeconds: 3600 } },
        })
        return made.status?.token ?? ''
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

export type RealCluster = Awaited<ReturnType<typeof startCluster>>

/** Ports that were free a moment ago. */
const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
      return server
    }),
  )
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address()
      await new Promise((done) => server.close(done))
      if (address === null || typeof address === 'string') throw new Error('no port')
      return address.port
    }),
  )
}
