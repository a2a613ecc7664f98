/** Which backend the engine runs on and why, its self-test, and the choice of another. */
import { useWords } from '../state/text';
import { useId } from 'react';
import { chooseBackend } from '../state/engine';
import { useLab } from '../state/store';
import type { BackendChoice } from '../../worker/protocol';
import { compact, seconds } from '../ui/format';
import { Segmented } from '../ui/Segmented';

const TUNING_WORDS = {
  measured: 'fastest here',
  stored: 'fastest here, measured before',
  default: 'suit a software adapter',
} as const;
const STATUS_WORDS = { idle: 'Engine not started', starting: 'Engine starting', failed: 'Engine failed' } as const;

export function EngineStatus() {
  const id = useId();
  const words = useWords();
  const { status, device, error } = useLab((s) => s.engine);
  const backend = useLab((s) => s.backend);
  const busy = useLab((s) => s.running !== null);
  const name =
    status === 'ready' && device
      ? device.backend === 'webgpu'
        ? 'WebGPU'
        : 'WASM'
      : STATUS_WORDS[status === 'ready' ? 'idle' : status];
  return (
    <>
      <button type="button" className={`quiet engine engine-${status}`} popoverTarget={id} data-testid="engine-status">
        <i aria-hidden="true" />
        <span className="engine-name">{name}</span>
      </button>
      <div id={id} popover="auto" className="panel engine-panel">
        <h2>Engine</h2>
        <Segmented<BackendChoice>
          label="Backend"
          value={backend}
          options={[
            { value: 'auto', label: 'Automatic', disabled: busy },
            { value: 'webgpu', label: 'WebGPU', disabled: busy },
            { value: 'wasm', label: 'WASM', disabled: busy },
          ]}
          onChange={(choice) => void chooseBackend(choice)}
        />
        {error && (
          <p>
            {error.what} {error.remedy}
          </p>
        )}
        {device && !error && (
          <>
            <p>{words.say(device.reason)}</p>
            <dl className="facts">
              <div>
                <dt>Adapter</dt>
                <dd>
                  <span className="fact-value">{device.adapter || 'none'}</span>
                  <span className="fact-note">{device.softwareAdapter ? 'software' : ''}</span>
                </dd>
              </div>
              {device.tuning && (
                <div>
                  <dt>Tiles</dt>
                  <dd>
                    <span className="fact-value">
                      {[
                        ...new Set([
                          device.tuning.atb.narrow,
                          device.tuning.atb.wide,
                          device.tuning.ab.narrow,
                          device.tuning.ab.wide,
                        ]),
                      ].join(', ')}
                    </span>
                    <span className="fact-note">
                      {TUNING_WORDS[device.tuning.source]}
                      {device.tuning.problem && `; ${words.say(device.tuning.problem)}`}
                    </span>
                  </dd>
                </div>
              )}
              {Object.entries(device.versions).map(([part, version]) => (
                <div key={part}>
                  <dt>{part}</dt>
                  <dd>
                    <span className="fact-value">{version}</span>
                  </dd>
                </div>
              ))}
            </dl>
            {device.selfTest && (
              <details>
                <summary>
                  Self-test {device.selfTest.passed ? 'passed' : 'failed'} in {seconds(device.selfTest.milliseconds)}
                </summary>
                <table className="data">
                  <thead>
                    <tr>
                      <th scope="col">case</th>
                      <th scope="col">largest error</th>
                      <th scope="col">allowed</th>
                    </tr>
                  </thead>
                  <tbody>
                    {device.selfTest.cases.map((test, i) => (
                      <tr key={i}>
                        <td>
                          {test.kernel}: {test.name}
                        </td>
                        <td className="num">{compact(test.maxRelativeError)}</td>
                        <td className="num">{compact(test.tolerance)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </details>
            )}
          </>
        )}
        {!device && !error && (
          <p className="muted">The device is being looked at. The recorded run can be read meanwhile.</p>
        )}
      </div>
    </>
  );
}
