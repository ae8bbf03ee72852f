import { type Ran, run } from '../../app/sandbox/run.ts'
import { shipped } from './kubernetes.ts'

type Container = { readonly command: readonly string[]; readonly args: readonly string[] }

/** Runs what the reaper's container runs, with the `kubectl` that is in the folder `bin`. */
export const reap = async (bin: string, env: NodeJS.ProcessEnv): Promise<Ran> => {
  const job = shipped('reaper').find(({ kind }) => kind === 'CronJob')
  const { spec } = job as unknown as {
    readonly spec: {
      readonly jobTemplate: {
        readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } }
      }
    }
  }
  const [container] = spec.jobTemplate.spec.template.spec.containers
  if (container === undefined) throw new Error('the reaper has no container')
  const [shell = '', ...options] = container.command
  return run(shell, [...options, ...container.args], {
    env: { PATH: `${bin}:${process.env.PATH}`, ...env },
  })
}

/** A binding's name as gitsudo gives it. @param end 26 of a-z, 0-9 at most */
export const ofOurs = (end: string): string => `gitsudo-0123456v-req-${end.padStart(26, '0')}`
