#version 330
uniform vec3 eye;
uniform vec3 sun_towards;      // unit, from the surface to the sun
uniform vec3 sun_light;        // linear RGB
uniform vec3 sky_light;        // ambient from above
uniform vec3 ground_light;     // ambient from below
uniform vec3 lamp_place;
uniform vec3 lamp_light;
uniform vec3 fog_colour;
uniform float fog_density;     // per metre
uniform float exposure;
uniform mat4 T_shadow_world;
uniform sampler2DShadow shadow;
uniform float shadow_texel;
in vec3 v_place; in vec3 v_normal; in vec3 v_colour; in vec3 v_grain;
flat in float v_material; flat in float v_id; in float v_depth;
out vec4 pixel;

#include noise

float joint_line(float x, float size, float width) {  // 1 in the gap between boards or tiles
    float d = abs(fract(x / size + 0.5) - 0.5) * size;
    float blur = max(width, fwidth(x) * 0.7);
    return (1.0 - smoothstep(width * 0.5, width * 0.5 + blur, d)) * width / blur;
}

float fade(float scale) {  // fine detail goes where pixels are larger than it
    return clamp(1.6 - fwidth(v_grain.x) / scale - fwidth(v_grain.z) / scale - fwidth(v_grain.y) / scale, 0.0, 1.0);
}

// Per material: how fine its two noises are. A software driver runs every branch for every pixel, so
// the costly noise is taken once, with these scales, and the branches are cheap.
const vec3 COARSE[17] = vec3[17](
    vec3(1), vec3(4), vec3(13, 8, 13), vec3(2), vec3(6), vec3(0.55), vec3(9), vec3(13), vec3(9),
    vec3(90, 5, 1), vec3(3), vec3(1), vec3(1), vec3(4), vec3(2), vec3(1.1), vec3(1.5, 1, 4));
const vec3 FINE[17] = vec3[17](
    vec3(1), vec3(3, 38, 38), vec3(420), vec3(2.5, 0, 45), vec3(9), vec3(60, 1, 22), vec3(30), vec3(4),
    vec3(30), vec3(260, 8, 1), vec3(40), vec3(1), vec3(1), vec3(90), vec3(20), vec3(70), vec3(45));

vec3 texture_of(int m, vec3 base, inout vec3 n, inout float gloss) {
    vec3 g = v_grain;
    // Floor boards: each has its own tint and its own grain.
    float row = floor(g.z / 0.14);
    float shift = hash(vec3(row, 3.0, 1.0)) * 1.3;
    float tint = hash(vec3(row, floor((g.x + shift) / 1.3), 7.0));
    vec3 own = m == 3 ? vec3(9.0 * tint, row * 5.0, 0.0) : vec3(0.0);
    vec3 p = g * COARSE[m];
    float a = noise(p), b = noise(1.7 * p + 17.3), c = noise(1.7 * p + 41.7);
    float cloud = 0.65 * a + 0.35 * b;
    float fine = noise(g * FINE[m] + own) - 0.5;

    if (m == 1) return base * (0.97 + 0.34 * fine * fade(0.03) + 0.10 * a);  // wood
    if (m == 2) {  // cloth
        n = normalize(n - 0.30 * (vec3(a, b, c) - 0.5));
        return base * (0.97 + 0.05 * a + 0.10 * fine * fade(0.004));
    }
    if (m == 3) {  // floor boards along x
        float gap = max(joint_line(g.z, 0.14, 0.004), joint_line(g.x + shift, 1.3, 0.004));
        gloss = 0.25;
        return base * (0.80 + 0.22 * tint + 0.16 * fine * fade(0.03)) * (1.0 - 0.55 * gap);
    }
    if (m == 4) {  // tiles
        float gap = max(joint_line(g.x, 0.45, 0.008), joint_line(g.z, 0.45, 0.008));
        gloss = 0.35;
        float tile = hash(vec3(floor(g.xz / 0.45), 1.0));
        return base * (0.93 + 0.09 * tile + 0.07 * (cloud - 0.5)) * (1.0 - 0.4 * gap);
    }
    if (m == 5) {  // grass
        vec3 dry = base * vec3(1.28, 1.10, 0.80);
        return mix(base, dry, smoothstep(0.35, 0.75, cloud)) * (0.92 + 0.35 * fine * fade(0.03) + 0.15 * (c - 0.5));
    }
    if (m == 6) {  // paving slabs
        float line = floor(g.z / 0.5);
        float shifted = g.x + 0.35 * mod(line, 2.0);
        float gap = max(joint_line(shifted, 0.7, 0.012), joint_line(g.z, 0.5, 0.012));
        float slab = hash(vec3(floor(shifted / 0.7), line, 2.0));
        return base * (0.88 + 0.16 * slab + 0.14 * (cloud - 0.5)) * (1.0 - 0.4 * gap);
    }
    if (m == 7) {  // leaves: dark holes between light clusters
        n = normalize(n + 1.1 * (vec3(b, a, c) - 0.5));
        return base * (0.62 + 0.75 * a * mix(0.6, 1.0, fade(0.3)) + 0.35 * fine);
    }
    if (m == 8) {  // skin: a warm blush
        gloss = 0.18;
        return base * mix(vec3(1.0), vec3(1.05, 0.97, 0.95), a);
    }
    if (m == 9) {  // hair: streaks along the second texture axis
        gloss = 0.30;
        return base * (1.0 + 0.9 * (0.65 * fine + 0.35 * (a - 0.5)) * clamp(1.5 - fwidth(g.x) * 120.0, 0.0, 1.0));
    }
    if (m == 10) {  // bricks
        float line = floor(g.y / 0.085), along = g.x + g.z;
        float shifted = along + 0.125 * mod(line, 2.0);
        float gap = max(joint_line(shifted, 0.25, 0.010), joint_line(g.y, 0.085, 0.010));
        float brick = hash(vec3(floor(shifted / 0.25), line, 5.0));
        return mix(base * (0.75 + 0.4 * brick), vec3(0.50, 0.47, 0.43), 0.8 * gap);
    }
    if (m == 12) { gloss = 0.7; return base; }  // metal, paint, glass
    if (m == 13) {  // rug
        float band = smoothstep(0.45, 0.55, abs(fract(g.z * 2.2) - 0.5) * 2.0);
        return base * (0.85 + 0.25 * band) * (0.92 + 0.2 * fine * fade(0.02));
    }
    if (m == 14) return base * (0.97 + 0.06 * (cloud - 0.5));  // plaster
    if (m == 15) return base * (0.9 + 0.25 * fine * fade(0.03) + 0.2 * (cloud - 0.5));  // asphalt
    if (m == 16) return base * (0.92 + 0.2 * fine * fade(0.05) + 0.25 * (cloud - 0.5));  // sand
    return base;
}

float lit(vec3 n) {
    vec4 p = T_shadow_world * vec4(v_place + 0.022 * n, 1.0);
    vec3 s = p.xyz * 0.5 + 0.5;
    if (any(lessThan(s, vec3(0.0))) || any(greaterThan(s, vec3(1.0)))) return 1.0;
    float sum = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 off = shadow_texel * vec2(i < 2 ? -1.0 : 1.0, i % 2 == 0 ? -1.0 : 1.0);
        sum += texture(shadow, vec3(s.xy + off, s.z - 0.0015));
    }
    return sum / 4.0;
}

void main() {
    int m = int(v_material + 0.5);
    vec3 view = normalize(eye - v_place);
    vec3 n = normalize(v_normal);
    if (dot(n, view) < 0.0 && !gl_FrontFacing) n = -n;
    vec3 flat_n = n;
    float gloss = 0.06;
    vec3 base = texture_of(m, v_colour, n, gloss);
    vec3 light;
    if (m == 11) {
        light = base * 1.35;
    } else {
        float facing = dot(n, sun_towards);
        float sun = clamp((facing + 0.12) / 1.12, 0.0, 1.0) * lit(flat_n);
        vec3 ambient = mix(ground_light, sky_light, 0.5 + 0.5 * n.y);
        vec3 to_lamp = lamp_place - v_place;
        float near = 1.0 / (1.0 + 0.22 * dot(to_lamp, to_lamp));
        vec3 lamp = lamp_light * near * clamp((dot(n, normalize(to_lamp)) + 0.3) / 1.3, 0.0, 1.0);
        light = base * (sun_light * sun + ambient + lamp);
        vec3 half_way = normalize(view + sun_towards);
        float shine = pow(clamp(dot(n, half_way), 0.0, 1.0), mix(12.0, 60.0, gloss));
        float rim = pow(1.0 - clamp(dot(n, view), 0.0, 1.0), 4.0);
        light += gloss * (0.30 * shine * sun_light * sun + 0.5 * rim * sky_light);
        if (m == 8) light += base * vec3(0.12, 0.03, 0.02) * sun_light * clamp(0.5 - abs(facing), 0.0, 0.5);
    }
    light = mix(fog_colour, light, exp(-fog_density * max(v_depth - 6.0, 0.0)));
    light *= exposure;
    light = light / (1.0 + 0.28 * light) * 1.28;  // a soft shoulder keeps highlights apart
    pixel = vec4(pow(clamp(light, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}
