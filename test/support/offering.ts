import { appendFile, cp } from 'node:fs/promises'
import { join } from 'node:path'

/** The shipped policies below `dir`, whose catalogue offers one role more: a mapping in YAML's flow style. */
export const offering = async (dir: string, role: string): Promise<void> => {
  await cp(new URL('../../policies', import.meta.url), join(dir, 'policies'), { recursive: true })
  await appendFile(join(dir, 'policies', 'data', 'roles.yaml'), `  - ${role}\n`)
}
