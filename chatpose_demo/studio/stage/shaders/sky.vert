#version 330
in vec2 corner;
uniform vec3 right; uniform vec3 up; uniform vec3 ahead;
out vec3 v_ray;
void main() {
    v_ray = ahead + corner.x * right + corner.y * up;
    gl_Position = vec4(corner, 0.9999, 1.0);
}
