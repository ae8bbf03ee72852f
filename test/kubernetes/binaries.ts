import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../../app/sandbox/run.ts'

const modules = [
  { folder: 'etcd', packages: ['go.etcd.io/etcd/server/v3'], output: 'etcd' },
  {
    folder: 'apiserver',
    packages: ['k8s.io/kubernetes/cmd/kube-apiserver', 'k8s.io/kubernetes/cmd/kubectl'],
    output: '',
  },
] as const

const folderOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/**
 * The real etcd, kube-apiserver and kubectl, built from their Go modules (minutes), once for each set of checksums, and
 * kept outside the checkout.
 */
export const kubernetesBinaries = async (): Promise<{
  readonly etcd: string
  readonly apiserver: string
  readonly kubectl: string
}> => {
  const sums = createHash('sha256')
  for (const { folder } of modules) sums.update(readFileSync(join(folderOf(folder), 'go.sum')))
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gitsudo')
  const home = join(cache, `kubernetes-${sums.digest('hex').slice(0, 12)}`)
  if (!existsSync(home)) {
    const half = `${home}.${process.pid}`
    mkdirSync(half, { recursive: true })
    try {
      for (const { folder, packages, output } of modules)
        await mustRun(
          'go',
          [
            'build',
            '-mod=readonly',
            '-trimpath',
            '-ldflags=-s -w',
            '-o',
            join(half, '/', output),
            ...packages,
          ],
          { cwd: folderOf(folder) },
        )
      renameSync(half, home)
    } finally {
      rmSync(half, { recursive: true, force: true })
    }
  }
  return { etcd: join(home, 'etcd'), apiserver: join(home, 'kube-apiserver'), kubectl: join(home, 'kubectl') }
}
