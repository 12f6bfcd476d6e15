import { cpus, platform, release, totalmem } from 'node:os'

/** Where and when figures were measured: they mean nothing without it. */
export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly os: string
  readonly node: string
  readonly date: string
}

export function machine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  }
}

/** The machine as the first line of a table of figures. */
export function describeMachine({ cpu, cores, memoryGb, os, node, date }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${os}, Node ${node}, ${date}`
}
