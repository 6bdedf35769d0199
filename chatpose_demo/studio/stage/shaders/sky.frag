#version 330
uniform vec3 zenith; uniform vec3 horizon; uniform float exposure; uniform float cover;
in vec3 v_ray;
out vec4 pixel;

#include noise

void main() {
    vec3 d = normalize(v_ray);
    float rise = clamp(d.y, 0.0, 1.0);
    vec3 light = mix(horizon, zenith, pow(rise, 0.55));
    vec3 far = d / max(d.y + 0.12, 0.05);
    float cloud = smoothstep(1.0 - cover, 1.25 - cover, clouds(vec3(far.x, 3.0, far.z) * 1.7));
    light = mix(light, vec3(0.95), 0.75 * cloud * smoothstep(0.0, 0.25, rise));
    light *= exposure;
    light = light / (1.0 + 0.28 * light) * 1.28;
    pixel = vec4(pow(clamp(light, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}
